-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "late_since" TIMESTAMPTZ(3),
ADD COLUMN     "late_source_id" UUID;

-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "late_since" TIMESTAMPTZ(3),
ADD COLUMN     "max_age_hours" INTEGER;

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_late_source_id_late_since_channel_recipient_key" ON "deliveries"("late_source_id", "late_since", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_late_source_id_fkey" FOREIGN KEY ("late_source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;
