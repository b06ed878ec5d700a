-- AlterEnum
ALTER TYPE "RestorePurpose" ADD VALUE 'PLACE';

-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "place_name" TEXT,
ADD COLUMN     "place_source_id" UUID,
ADD COLUMN     "sealed_login" TEXT,
ADD COLUMN     "without_owners" BOOLEAN NOT NULL DEFAULT false;

-- AddForeignKey
ALTER TABLE "restores" ADD CONSTRAINT "restores_place_source_id_fkey" FOREIGN KEY ("place_source_id") REFERENCES "sources"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say: at most one active restore into a place.
CREATE UNIQUE INDEX "restores_one_active_into_a_place" ON "restores"("place_source_id", "place_name") WHERE "state" IN ('QUEUED', 'RUNNING') AND "place_name" IS NOT NULL;
