-- CreateEnum
CREATE TYPE "SourceType" AS ENUM ('DATABASE', 'USER_DATA', 'STORAGE');

-- CreateEnum
CREATE TYPE "BackupType" AS ENUM ('DATABASE', 'USER_DATA', 'STORAGE', 'FULL');

-- CreateEnum
CREATE TYPE "RunState" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'INTERRUPTED');

-- CreateEnum
CREATE TYPE "BackupOrigin" AS ENUM ('CONSOLE', 'API', 'REST', 'CLI', 'SCHEDULE');

-- CreateEnum
CREATE TYPE "EventKind" AS ENUM ('STATE', 'PROGRESS', 'LOG');

-- CreateEnum
CREATE TYPE "LogLevel" AS ENUM ('DEBUG', 'INFO', 'WARNING', 'ERROR');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('VIEWER', 'OPERATOR', 'ADMIN');

-- CreateEnum
CREATE TYPE "DeliveryState" AS ENUM ('PENDING', 'SENT', 'FAILED');

-- CreateTable
CREATE TABLE "environments" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "colour" TEXT NOT NULL DEFAULT 'slate',
    "position" INTEGER NOT NULL DEFAULT 0,
    "protected" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "environments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "repositories" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "sealed_password" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "initialised_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "repositories_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sources" (
    "id" UUID NOT NULL,
    "environment_id" UUID NOT NULL,
    "repository_id" UUID,
    "name" TEXT NOT NULL,
    "type" "SourceType" NOT NULL,
    "kind" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "sealed_secrets" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backups" (
    "id" UUID NOT NULL,
    "type" "BackupType" NOT NULL,
    "state" "RunState" NOT NULL DEFAULT 'QUEUED',
    "origin" "BackupOrigin" NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "environments" TEXT[],
    "compression_level" INTEGER NOT NULL,
    "idempotency_key" TEXT,
    "request_hash" TEXT,
    "requested_by_id" UUID,
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "cancelled_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "backups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backup_runs" (
    "id" UUID NOT NULL,
    "backup_id" UUID NOT NULL,
    "source_id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "state" "RunState" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "database_name" TEXT,
    "storage_path" TEXT,
    "compression_level" INTEGER NOT NULL,
    "claim_id" UUID,
    "worker" TEXT,
    "heartbeat_at" TIMESTAMPTZ(3),
    "restic_host" TEXT,
    "restic_pid" INTEGER,
    "restic_started_at" TIMESTAMPTZ(3),
    "snapshot_id" TEXT,
    "files_done" BIGINT,
    "files_total" BIGINT,
    "bytes_done" BIGINT,
    "bytes_total" BIGINT,
    "bytes_per_second" DOUBLE PRECISION,
    "seconds_left" DOUBLE PRECISION,
    "added_bytes" BIGINT,
    "stored_bytes" BIGINT,
    "error_code" TEXT,
    "error_message" TEXT,
    "error_remedy" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "backup_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backup_events" (
    "backup_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "run_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" "EventKind" NOT NULL,
    "state" "RunState",
    "progress" JSONB,
    "level" "LogLevel",
    "message" TEXT,

    CONSTRAINT "backup_events_pkey" PRIMARY KEY ("backup_id","seq")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'VIEWER',
    "password_hash" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_hits" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rate_hits_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target_type" TEXT,
    "target_id" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',
    "address" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "settings" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "id" UUID NOT NULL,
    "backup_id" UUID,
    "channel" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "state" "DeliveryState" NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "environments_name_key" ON "environments"("name");

-- CreateIndex
CREATE UNIQUE INDEX "repositories_name_key" ON "repositories"("name");

-- CreateIndex
CREATE UNIQUE INDEX "sources_environment_id_name_key" ON "sources"("environment_id", "name");

-- CreateIndex
CREATE INDEX "backups_created_at_id_idx" ON "backups"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "backups_state_idx" ON "backups"("state");

-- CreateIndex
CREATE UNIQUE INDEX "backups_requested_by_id_idempotency_key_key" ON "backups"("requested_by_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "backup_runs_source_id_state_finished_at_idx" ON "backup_runs"("source_id", "state", "finished_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "backup_runs_backup_id_source_id_attempt_key" ON "backup_runs"("backup_id", "source_id", "attempt");

-- CreateIndex
CREATE INDEX "backup_events_run_id_seq_idx" ON "backup_events"("run_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "rate_hits_key_at_idx" ON "rate_hits"("key", "at");

-- CreateIndex
CREATE INDEX "audit_events_at_idx" ON "audit_events"("at" DESC);

-- CreateIndex
CREATE INDEX "deliveries_created_at_idx" ON "deliveries"("created_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_backup_id_channel_recipient_key" ON "deliveries"("backup_id", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "sources" ADD CONSTRAINT "sources_environment_id_fkey" FOREIGN KEY ("environment_id") REFERENCES "environments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sources" ADD CONSTRAINT "sources_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backups" ADD CONSTRAINT "backups_requested_by_id_fkey" FOREIGN KEY ("requested_by_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_runs" ADD CONSTRAINT "backup_runs_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_runs" ADD CONSTRAINT "backup_runs_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_runs" ADD CONSTRAINT "backup_runs_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_events" ADD CONSTRAINT "backup_events_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_events" ADD CONSTRAINT "backup_events_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "backup_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say: one active run per source, one default repository, sane numbers.
CREATE UNIQUE INDEX "backup_runs_one_active_per_source" ON "backup_runs" ("source_id") WHERE "state" IN ('QUEUED', 'RUNNING');
CREATE INDEX "backup_runs_running" ON "backup_runs" ("heartbeat_at") WHERE "state" = 'RUNNING';
CREATE UNIQUE INDEX "repositories_one_default" ON "repositories" ("is_default") WHERE "is_default";
ALTER TABLE "backups" ADD CONSTRAINT "backups_compression_level_range" CHECK ("compression_level" BETWEEN 1 AND 9);
ALTER TABLE "backup_runs" ADD CONSTRAINT "backup_runs_good_has_snapshot" CHECK ("state" NOT IN ('SUCCEEDED', 'PARTIAL') OR "snapshot_id" IS NOT NULL);
ALTER TABLE "backup_runs" ADD CONSTRAINT "backup_runs_running_is_claimed" CHECK ("state" <> 'RUNNING' OR ("claim_id" IS NOT NULL AND "heartbeat_at" IS NOT NULL));
