ALTER TABLE "gateways" ADD COLUMN "condition" text;--> statement-breakpoint
ALTER TABLE "gateways" ADD COLUMN "condition_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "last_seen_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "locale" text;--> statement-breakpoint
-- It has a further parameter now; its present text is in drizzle/functions.
drop function if exists portcullis_touch_session(text, timestamptz);
