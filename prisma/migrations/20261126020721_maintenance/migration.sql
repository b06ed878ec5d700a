-- CreateEnum
CREATE TYPE "TaskKind" AS ENUM ('PRUNE', 'CHECK', 'STATISTICS', 'COPY', 'PASSWORD', 'REPAIR_INDEX', 'REPAIR_PACKS', 'REPAIR_SNAPSHOTS');

-- AlterTable
ALTER TABLE "repositories" ADD COLUMN     "copy_to_id" UUID,
ADD COLUMN     "kit_taken_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_share" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "options" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "password_changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "probed_at" TIMESTAMPTZ(3),
ADD COLUMN     "problem_code" TEXT,
ADD COLUMN     "problem_message" TEXT,
ADD COLUMN     "problem_remedy" TEXT,
ADD COLUMN     "sealed_next_password" TEXT,
ADD COLUMN     "unreachable_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "repository_tasks" (
    "id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "kind" "TaskKind" NOT NULL,
    "state" "RunState" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "run_id" UUID,
    "options" JSONB NOT NULL DEFAULT '{}',
    "result" JSONB,
    "output" TEXT NOT NULL DEFAULT '',
    "requested_by" TEXT,
    "cancelled_by" TEXT,
    "not_before" TIMESTAMPTZ(3),
    "claim_id" UUID,
    "worker" TEXT,
    "heartbeat_at" TIMESTAMPTZ(3),
    "restic_host" TEXT,
    "restic_pid" INTEGER,
    "restic_started_at" TIMESTAMPTZ(3),
    "error_code" TEXT,
    "error_message" TEXT,
    "error_remedy" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "repository_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "repository_figures" (
    "repository_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "snapshots" INTEGER NOT NULL,
    "restore_bytes" BIGINT NOT NULL,
    "uncompressed_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "free_bytes" BIGINT,
    "total_bytes" BIGINT,

    CONSTRAINT "repository_figures_pkey" PRIMARY KEY ("repository_id","at")
);

-- CreateIndex
CREATE INDEX "repository_tasks_repository_id_kind_queued_at_idx" ON "repository_tasks"("repository_id", "kind", "queued_at" DESC);

-- CreateIndex
CREATE INDEX "repository_tasks_state_idx" ON "repository_tasks"("state");

-- AddForeignKey
ALTER TABLE "repositories" ADD CONSTRAINT "repositories_copy_to_id_fkey" FOREIGN KEY ("copy_to_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "repository_tasks" ADD CONSTRAINT "repository_tasks_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "repository_tasks" ADD CONSTRAINT "repository_tasks_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "backup_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "repository_figures" ADD CONSTRAINT "repository_figures_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Doing the same twice at once helps nobody; copies are of different snapshots.
CREATE UNIQUE INDEX "repository_tasks_one_active_of_a_kind" ON "repository_tasks" ("repository_id", "kind")
  WHERE "state" IN ('QUEUED', 'RUNNING') AND "kind" <> 'COPY';
CREATE UNIQUE INDEX "repository_tasks_one_copy_of_a_run" ON "repository_tasks" ("run_id", "repository_id") WHERE "kind" = 'COPY';
-- The password is as old as the repository.
UPDATE "repositories" SET "password_changed_at" = "created_at";
