-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "settings_missing" BOOLEAN NOT NULL DEFAULT false;
