ALTER TABLE "applications" ADD COLUMN "changed_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "routes_by_organization" ON "routes" USING btree ("organization_id","application_id");--> statement-breakpoint
CREATE INDEX "security_by_organization" ON "security" USING btree ("organization_id","application_id");--> statement-breakpoint
CREATE INDEX "application_states_by_organization" ON "application_states" USING btree ("organization_id");--> statement-breakpoint
update applications a set changed_at = c.at
	from (select application_id, max(created_at) as at from changes where application_id is not null group by application_id) c
	where c.application_id = a.application_id;
