-- Until now every repository was a folder.
ALTER TABLE "repositories" ADD COLUMN "settings" JSONB, ADD COLUMN "sealed_secrets" TEXT;
UPDATE "repositories" SET "settings" = jsonb_build_object('path', "location");
ALTER TABLE "repositories" ALTER COLUMN "settings" SET NOT NULL;
