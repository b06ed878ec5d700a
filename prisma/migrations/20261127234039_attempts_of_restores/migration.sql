-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "attempt" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "not_before" TIMESTAMPTZ(3);
