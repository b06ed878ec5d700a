-- CreateEnum
CREATE TYPE "DigestPeriod" AS ENUM ('DAILY', 'WEEKLY');

-- CreateEnum
CREATE TYPE "Severity" AS ENUM ('INFO', 'WARNING', 'ERROR');

-- CreateTable
CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "severity" "Severity" NOT NULL,
    "subject" TEXT NOT NULL,
    "content" JSONB NOT NULL,
    "environments" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "plan_id" UUID,
    "backup_id" UUID,
    "repository_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channels" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "sealed_secrets" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "events" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "severity" "Severity" NOT NULL DEFAULT 'INFO',
    "environment_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "plan_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "quiet_from" TEXT,
    "quiet_to" TEXT,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "digest" "DigestPeriod",
    "digest_at" TEXT NOT NULL DEFAULT '08:00',
    "digest_only" BOOLEAN NOT NULL DEFAULT false,
    "escalate_to_id" UUID,
    "escalate_after_minutes" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "channel_id" UUID,
ADD COLUMN     "grouped_in" UUID,
ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "notification_id" UUID;

-- Each delivery of before becomes a notification with it: its subject is all that is known of what it said.
INSERT INTO "notifications" ("id", "key", "event", "severity", "subject", "content", "backup_id", "repository_id", "created_at")
SELECT d."id", 'before ' || d."id",
  CASE WHEN d."backup_id" IS NOT NULL THEN CASE b."state" WHEN 'SUCCEEDED' THEN 'BACKUP_SUCCEEDED' WHEN 'PARTIAL' THEN 'BACKUP_PARTIAL'
      WHEN 'CANCELLED' THEN 'BACKUP_CANCELLED' WHEN 'INTERRUPTED' THEN 'BACKUP_INTERRUPTED' ELSE 'BACKUP_FAILED' END
    WHEN d."plan_event_id" IS NOT NULL THEN 'PLAN_MISSED' WHEN d."hold_id" IS NOT NULL THEN 'BACKUP_SUSPICIOUS'
    WHEN d."hook_id" IS NOT NULL THEN 'HOOK_FAILED' WHEN d."late_source_id" IS NOT NULL THEN 'SOURCE_LATE'
    WHEN d."repository_id" IS NOT NULL THEN CASE d."notice"->>'kind' WHEN 'unreachable' THEN 'REPOSITORY_UNREACHABLE'
      WHEN 'reachable' THEN 'REPOSITORY_REACHABLE' WHEN 'damaged' THEN 'REPOSITORY_DAMAGED' WHEN 'restore-ended' THEN 'RESTORE_ENDED'
      WHEN 'restore-approval' THEN 'RESTORE_APPROVAL' WHEN 'verification-ended' THEN 'VERIFICATION_FAILED' ELSE 'TASK_FAILED' END
    ELSE 'TEST' END,
  CASE WHEN d."backup_id" IS NULL OR b."state" = 'SUCCEEDED' THEN 'INFO'::"Severity" ELSE 'ERROR'::"Severity" END,
  d."subject", jsonb_build_object('title', d."subject", 'tone', 'plain', 'facts', '[]'::jsonb, 'parts', '[]'::jsonb, 'lines', '[]'::jsonb,
    'problem', NULL, 'link', '', 'linkText', ''),
  d."backup_id", d."repository_id", d."created_at"
FROM "deliveries" d LEFT JOIN "backups" b ON b."id" = d."backup_id";
UPDATE "deliveries" SET "notification_id" = "id", "channel" = lower("channel");

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_backup_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_hold_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_hook_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_late_source_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_plan_event_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_repository_id_fkey";

-- DropIndex
DROP INDEX "deliveries_backup_id_channel_recipient_key";

-- DropIndex
DROP INDEX "deliveries_hold_id_channel_recipient_key";

-- DropIndex
DROP INDEX "deliveries_hook_id_channel_recipient_key";

-- DropIndex
DROP INDEX "deliveries_late_source_id_late_since_channel_recipient_key";

-- DropIndex
DROP INDEX "deliveries_plan_event_id_channel_recipient_key";

-- DropIndex
DROP INDEX "deliveries_repository_id_event_channel_recipient_key";

-- AlterTable
ALTER TABLE "deliveries" ALTER COLUMN "notification_id" SET NOT NULL,
DROP COLUMN "backup_id",
DROP COLUMN "event",
DROP COLUMN "hold_id",
DROP COLUMN "hook_id",
DROP COLUMN "late_since",
DROP COLUMN "late_source_id",
DROP COLUMN "notice",
DROP COLUMN "plan_event_id",
DROP COLUMN "repository_id",
DROP COLUMN "subject";

-- CreateIndex
CREATE UNIQUE INDEX "notifications_key_key" ON "notifications"("key");

-- CreateIndex
CREATE INDEX "notifications_created_at_id_idx" ON "notifications"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "notifications_backup_id_idx" ON "notifications"("backup_id");

-- CreateIndex
CREATE UNIQUE INDEX "channels_name_key" ON "channels"("name");

-- CreateIndex
CREATE INDEX "deliveries_state_not_before_idx" ON "deliveries"("state", "not_before");

-- CreateIndex
CREATE INDEX "deliveries_grouped_in_idx" ON "deliveries"("grouped_in");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_notification_id_channel_recipient_key" ON "deliveries"("notification_id", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channels" ADD CONSTRAINT "channels_escalate_to_id_fkey" FOREIGN KEY ("escalate_to_id") REFERENCES "channels"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notifications"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- CreateIndex
CREATE INDEX "audit_events_actor_id_action_at_idx" ON "audit_events"("actor_id", "action", "at");
