-- CreateEnum
CREATE TYPE "HookPhase" AS ENUM ('BEFORE', 'AFTER');

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "hook_id" UUID;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "hooks_after" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "hooks_before" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "sealed_tokens" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "backup_hooks" (
    "id" UUID NOT NULL,
    "backup_id" UUID NOT NULL,
    "environment_id" UUID NOT NULL,
    "phase" "HookPhase" NOT NULL,
    "position" INTEGER NOT NULL,
    "hook" JSONB NOT NULL,
    "sealed_token" TEXT,
    "state" "RunState" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "not_before" TIMESTAMPTZ(3),
    "claim_id" UUID,
    "worker" TEXT,
    "heartbeat_at" TIMESTAMPTZ(3),
    "error_code" TEXT,
    "error_message" TEXT,
    "error_remedy" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "backup_hooks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "backup_hooks_state_idx" ON "backup_hooks"("state");

-- CreateIndex
CREATE UNIQUE INDEX "backup_hooks_backup_id_phase_position_key" ON "backup_hooks"("backup_id", "phase", "position");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_hook_id_channel_recipient_key" ON "deliveries"("hook_id", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "backup_hooks" ADD CONSTRAINT "backup_hooks_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_hooks" ADD CONSTRAINT "backup_hooks_environment_id_fkey" FOREIGN KEY ("environment_id") REFERENCES "environments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_hook_id_fkey" FOREIGN KEY ("hook_id") REFERENCES "backup_hooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
