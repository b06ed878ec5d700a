-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "hold_id" UUID,
ADD COLUMN     "plan_event_id" UUID;

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_plan_event_id_channel_recipient_key" ON "deliveries"("plan_event_id", "channel", "recipient");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_hold_id_channel_recipient_key" ON "deliveries"("hold_id", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_plan_event_id_fkey" FOREIGN KEY ("plan_event_id") REFERENCES "plan_events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_hold_id_fkey" FOREIGN KEY ("hold_id") REFERENCES "retention_holds"("id") ON DELETE CASCADE ON UPDATE CASCADE;
