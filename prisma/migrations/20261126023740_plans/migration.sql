-- CreateEnum
CREATE TYPE "PlanEventKind" AS ENUM ('STARTED', 'MISSED', 'DEFERRED', 'PAUSED', 'REFUSED');

-- AlterTable
ALTER TABLE "backup_runs" ADD COLUMN     "not_before" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "plan_id" UUID,
ADD COLUMN     "retries" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "retry_pause_seconds" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "time_limit_seconds" INTEGER;

-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "tags" TEXT[];

-- CreateTable
CREATE TABLE "plans" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "selection" JSONB NOT NULL,
    "schedule" TEXT,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "window_from" TEXT,
    "window_to" TEXT,
    "jitter_seconds" INTEGER NOT NULL DEFAULT 0,
    "catch_up" BOOLEAN NOT NULL DEFAULT true,
    "compression_level" INTEGER,
    "retries" INTEGER NOT NULL DEFAULT 0,
    "retry_pause_seconds" INTEGER NOT NULL DEFAULT 300,
    "time_limit_seconds" INTEGER,
    "paused_at" TIMESTAMPTZ(3),
    "paused_until" TIMESTAMPTZ(3),
    "pause_reason" TEXT NOT NULL DEFAULT '',
    "paused_by" TEXT,
    "due_at" TIMESTAMPTZ(3),
    "look_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan_events" (
    "id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "kind" "PlanEventKind" NOT NULL,
    "backup_id" UUID,
    "message" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "plan_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "plans_name_key" ON "plans"("name");

-- CreateIndex
CREATE INDEX "plans_look_at_idx" ON "plans"("look_at");

-- CreateIndex
CREATE INDEX "plan_events_plan_id_at_idx" ON "plan_events"("plan_id", "at" DESC);

-- CreateIndex
CREATE INDEX "backups_plan_id_created_at_idx" ON "backups"("plan_id", "created_at" DESC);

-- AddForeignKey
ALTER TABLE "plan_events" ADD CONSTRAINT "plan_events_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan_events" ADD CONSTRAINT "plan_events_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backups" ADD CONSTRAINT "backups_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE SET NULL ON UPDATE CASCADE;
