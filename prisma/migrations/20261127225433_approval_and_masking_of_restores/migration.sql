-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "approved_by" TEXT,
ADD COLUMN     "needs_approval" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "masking_sql" TEXT;
