-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "leave_out" TEXT[] DEFAULT ARRAY[]::TEXT[];
