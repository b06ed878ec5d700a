-- AlterEnum
ALTER TYPE "BackupOrigin" ADD VALUE 'ADOPTED';

-- AlterTable
ALTER TABLE "repositories" ADD COLUMN     "key_id" TEXT,
ADD COLUMN     "retired_key_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "sealed_key_file" TEXT,
ADD COLUMN     "settings_changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "spare_key_id" TEXT;
