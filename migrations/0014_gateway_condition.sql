ALTER TABLE "gateways" ADD COLUMN "condition" text;--> statement-breakpoint
ALTER TABLE "gateways" ADD COLUMN "condition_at" timestamp (3) with time zone;