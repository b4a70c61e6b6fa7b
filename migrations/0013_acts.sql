ALTER TABLE "applications" ADD COLUMN "closed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "applications" ADD COLUMN "closed_reason" text;--> statement-breakpoint
ALTER TABLE "applications" ADD COLUMN "closed_by_kind" text;--> statement-breakpoint
ALTER TABLE "applications" ADD COLUMN "closed_by_id" text;--> statement-breakpoint
ALTER TABLE "applications" ADD COLUMN "closed_by_name" text;--> statement-breakpoint
ALTER TABLE "routes" ADD COLUMN "enabled" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "security" ADD COLUMN "hash_cost" integer;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_closed" CHECK ((closed_at is null) = (closed_reason is null) and (closed_at is null) = (closed_by_kind is null));