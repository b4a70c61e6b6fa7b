ALTER TABLE "claims" ADD COLUMN "ends_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "claims_ending" ON "claims" USING btree ("ends_at") WHERE ends_at is not null;