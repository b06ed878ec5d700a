-- CreateEnum
CREATE TYPE "RestoreConflict" AS ENUM ('REFUSE', 'SKIP', 'REPLACE');

-- AlterEnum
ALTER TYPE "RestorePurpose" ADD VALUE 'TABLES';

-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "conflict" "RestoreConflict",
ADD COLUMN     "person" TEXT;
