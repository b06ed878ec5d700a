-- CreateTable
CREATE TABLE "restores" (
    "id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "folder" TEXT NOT NULL,
    "requested_folder" TEXT NOT NULL,
    "state" "RunState" NOT NULL DEFAULT 'QUEUED',
    "requested_by" TEXT NOT NULL,
    "requested_by_id" UUID,
    "idempotency_key" TEXT,
    "cancelled_by" TEXT,
    "claim_id" UUID,
    "worker" TEXT,
    "heartbeat_at" TIMESTAMPTZ(3),
    "restic_host" TEXT,
    "restic_pid" INTEGER,
    "files_total" BIGINT,
    "bytes_total" BIGINT,
    "files_done" BIGINT,
    "bytes_done" BIGINT,
    "output" TEXT NOT NULL DEFAULT '',
    "error_code" TEXT,
    "error_message" TEXT,
    "error_remedy" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "restores_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "restores_run_id_idx" ON "restores"("run_id");

-- CreateIndex
CREATE INDEX "restores_state_idx" ON "restores"("state");

-- CreateIndex
CREATE INDEX "restores_queued_at_id_idx" ON "restores"("queued_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "restores_requested_by_id_idempotency_key_key" ON "restores"("requested_by_id", "idempotency_key");

-- AddForeignKey
ALTER TABLE "restores" ADD CONSTRAINT "restores_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "backup_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say: at most one active restore into a folder.
CREATE UNIQUE INDEX "restores_one_active_into_a_folder" ON "restores"("folder") WHERE "state" IN ('QUEUED', 'RUNNING');
