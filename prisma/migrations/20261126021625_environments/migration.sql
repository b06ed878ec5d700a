-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "left_out" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "environments" ADD COLUMN     "repository_id" UUID,
ADD COLUMN     "time_zone" TEXT NOT NULL DEFAULT 'UTC';

-- CreateTable
CREATE TABLE "workers" (
    "name" TEXT NOT NULL,
    "environments" TEXT[],
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("name")
);

-- AddForeignKey
ALTER TABLE "environments" ADD CONSTRAINT "environments_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
