-- A source that was deleted keeps its row, so that its history and its snapshots stay readable; its secrets go.
ALTER TABLE "sources" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

-- Its name is free again.
DROP INDEX "sources_environment_id_name_key";
CREATE UNIQUE INDEX "sources_one_of_a_name" ON "sources" ("environment_id", "name") WHERE "deleted_at" IS NULL;
