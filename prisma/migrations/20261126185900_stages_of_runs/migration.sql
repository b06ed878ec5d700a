-- AlterTable
ALTER TABLE "backup_runs" ADD COLUMN     "stage" INTEGER NOT NULL DEFAULT 0;
