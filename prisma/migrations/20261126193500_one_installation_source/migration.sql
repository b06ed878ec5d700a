-- At most one source is the installation itself.
CREATE UNIQUE INDEX "sources_one_installation" ON "sources" ("kind") WHERE "kind" = 'installation' AND "deleted_at" IS NULL;
