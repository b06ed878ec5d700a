-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "kept_as" TEXT,
ADD COLUMN     "replaces" BOOLEAN NOT NULL DEFAULT false;
