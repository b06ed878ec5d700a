-- AlterEnum
ALTER TYPE "RestorePurpose" ADD VALUE 'SERVER';
