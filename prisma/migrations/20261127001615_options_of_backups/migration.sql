-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "log_verbosity" "LogLevel",
ADD COLUMN     "notification_enabled" BOOLEAN,
ADD COLUMN     "options" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "retention_days" INTEGER;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "log_verbosity" "LogLevel",
ADD COLUMN     "notification_enabled" BOOLEAN;
