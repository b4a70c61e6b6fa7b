ALTER TABLE "application_states" ADD COLUMN "alarm_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "application_states" ADD COLUMN "alarm_reason" text;--> statement-breakpoint
ALTER TABLE "application_states" ADD COLUMN "alarm_answer" jsonb;--> statement-breakpoint
ALTER TABLE "application_states" ADD COLUMN "alarm_ended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "application_states" ADD COLUMN "alarm_mail_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "application_states" ADD COLUMN "alarm_mailed_since" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "application_states_alarms" ON "application_states" USING btree ("organization_id") WHERE alarm_since is not null;
