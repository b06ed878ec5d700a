-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "paths" TEXT[] DEFAULT ARRAY[]::TEXT[];
