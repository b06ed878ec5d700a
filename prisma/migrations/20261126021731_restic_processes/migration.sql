-- CreateTable
CREATE TABLE "restic_processes" (
    "id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "command" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "restic_processes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "restic_processes_repository_id_idx" ON "restic_processes"("repository_id");

-- AddForeignKey
ALTER TABLE "restic_processes" ADD CONSTRAINT "restic_processes_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE CASCADE ON UPDATE CASCADE;
