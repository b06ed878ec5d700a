-- CreateTable
CREATE TABLE "log_rules" (
    "id" UUID NOT NULL,
    "pattern" TEXT NOT NULL,
    "severity" "Severity" NOT NULL,
    "cause" TEXT NOT NULL,
    "remedy" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "log_rules_pkey" PRIMARY KEY ("id")
);
