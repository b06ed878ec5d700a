-- AlterTable
ALTER TABLE "environments" ADD COLUMN     "blackouts" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "blackouts" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "notify_on_failure" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "notify_on_success" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "notify_recipients" TEXT[] DEFAULT ARRAY[]::TEXT[];
