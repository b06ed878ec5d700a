-- At most one source is the installation itself. Those that a repository's snapshots told of stand beside it, as history.
CREATE UNIQUE INDEX "sources_one_installation" ON "sources" ("kind")
  WHERE "kind" = 'installation' AND "deleted_at" IS NULL AND NOT "settings_missing";
