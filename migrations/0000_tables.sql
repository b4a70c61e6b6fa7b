CREATE TABLE "api_keys" (
	"api_key_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "applications" (
	"application_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"environment_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"access" text NOT NULL,
	"opened_by" text,
	"hash_algorithm" text DEFAULT 'apr1' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "applications_slug" UNIQUE("organization_id","slug"),
	CONSTRAINT "applications_in_organization" UNIQUE("organization_id","application_id")
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"audit_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text,
	"api_key_id" text,
	"request_id" text NOT NULL,
	"ip" text,
	"action" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"object_kind" text,
	"object_id" text,
	"changed" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL,
	"sequence" integer,
	"hash" text,
	CONSTRAINT "audit_entries_sequence" UNIQUE("organization_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"row" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "changes_row_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"change_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"application_id" text,
	"deny_group" integer,
	"gateway_id" text NOT NULL,
	"closes" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"delivered_in" integer,
	"delivered_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "gateways" (
	"gateway_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"target" text NOT NULL,
	"address" text NOT NULL,
	"probe_address" text NOT NULL,
	"tags" boolean DEFAULT true NOT NULL,
	"tag_key_sealed" text NOT NULL,
	"probe_host_sealed" text NOT NULL,
	"nonce" text,
	"epoch" text NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"digest" text DEFAULT '' NOT NULL,
	"loaded_revision" integer DEFAULT 0 NOT NULL,
	"loaded_at" timestamp (3) with time zone,
	"lease_holder" text,
	"lease_term" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"cause" text,
	"cause_since" timestamp (3) with time zone,
	"compared_at" timestamp (3) with time zone,
	"foreign_files" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "gateways_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "organization_gateways" (
	"organization_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "organization_gateways_organization_id_gateway_id_pk" PRIMARY KEY("organization_id","gateway_id")
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"installation_id" text PRIMARY KEY NOT NULL,
	"secret_fingerprint" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "members" (
	"member_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "members_once" UNIQUE("organization_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"user_id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"default_access" text DEFAULT 'public-when-empty' NOT NULL,
	"never_public" boolean DEFAULT false NOT NULL,
	"password_policy" text DEFAULT 'advise' NOT NULL,
	"upstreams" text DEFAULT 'checked' NOT NULL,
	"founding" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "organizations_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "environments" (
	"environment_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "environments_slug" UNIQUE("organization_id","slug"),
	CONSTRAINT "environments_in_organization" UNIQUE("organization_id","environment_id")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"project_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "projects_slug" UNIQUE("organization_id","slug"),
	CONSTRAINT "projects_in_organization" UNIQUE("organization_id","project_id")
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"claim_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"kind" text NOT NULL,
	"value" text NOT NULL,
	"parent" text,
	"wildcard" boolean DEFAULT false NOT NULL,
	"deny_group" integer,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "claims_value" UNIQUE("gateway_id","kind","value")
);
--> statement-breakpoint
CREATE TABLE "routes" (
	"route_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"application_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"host" text NOT NULL,
	"path_prefix" text DEFAULT '' NOT NULL,
	"upstreams" jsonb NOT NULL,
	"upstream_keys" text[] NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "routes_place" UNIQUE("gateway_id","host","path_prefix")
);
--> statement-breakpoint
CREATE TABLE "security" (
	"security_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"application_id" text NOT NULL,
	"username" text NOT NULL,
	"hash_sealed" text NOT NULL,
	"hash_algorithm" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"password_changed_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "security_username" UNIQUE("application_id","username")
);
--> statement-breakpoint
CREATE TABLE "application_states" (
	"gateway_id" text NOT NULL,
	"application_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"revision" integer NOT NULL,
	"digest" text,
	"tag" text NOT NULL,
	"intended" text NOT NULL,
	"form" text NOT NULL,
	"diagnostics" jsonb NOT NULL,
	"probes" jsonb NOT NULL,
	"last_good" jsonb,
	"removed" boolean DEFAULT false NOT NULL,
	"delivered_at" timestamp (3) with time zone NOT NULL,
	"proven_revision" integer DEFAULT 0 NOT NULL,
	"proved_at" timestamp (3) with time zone,
	"proof" jsonb,
	"unproven" text,
	CONSTRAINT "application_states_gateway_id_application_id_pk" PRIMARY KEY("gateway_id","application_id")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"gateway_id" text NOT NULL,
	"revision" integer NOT NULL,
	"term" integer NOT NULL,
	"epoch" text NOT NULL,
	"digest" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"applied_at" timestamp (3) with time zone,
	"loaded_at" timestamp (3) with time zone,
	CONSTRAINT "deliveries_gateway_id_revision_pk" PRIMARY KEY("gateway_id","revision")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_gateway_id_gateways_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateways"("gateway_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_organization_id_environment_id_environments_organization_id_environment_id_fk" FOREIGN KEY ("organization_id","environment_id") REFERENCES "public"."environments"("organization_id","environment_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organization_gateways" ADD CONSTRAINT "organization_gateways_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organization_gateways" ADD CONSTRAINT "organization_gateways_gateway_id_gateways_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateways"("gateway_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_organization_id_project_id_projects_organization_id_project_id_fk" FOREIGN KEY ("organization_id","project_id") REFERENCES "public"."projects"("organization_id","project_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routes" ADD CONSTRAINT "routes_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routes" ADD CONSTRAINT "routes_organization_id_application_id_applications_organization_id_application_id_fk" FOREIGN KEY ("organization_id","application_id") REFERENCES "public"."applications"("organization_id","application_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "security" ADD CONSTRAINT "security_organization_id_organizations_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "security" ADD CONSTRAINT "security_organization_id_application_id_applications_organization_id_application_id_fk" FOREIGN KEY ("organization_id","application_id") REFERENCES "public"."applications"("organization_id","application_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_by_organization" ON "api_keys" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "applications_by_environment" ON "applications" USING btree ("environment_id");--> statement-breakpoint
CREATE INDEX "applications_by_gateway" ON "applications" USING btree ("gateway_id","application_id");--> statement-breakpoint
CREATE INDEX "audit_entries_by_organization" ON "audit_entries" USING btree ("organization_id","audit_id");--> statement-breakpoint
CREATE INDEX "audit_entries_unsealed" ON "audit_entries" USING btree ("organization_id") WHERE sequence is null;--> statement-breakpoint
CREATE INDEX "changes_pending" ON "changes" USING btree ("gateway_id","row") WHERE delivered_in is null;--> statement-breakpoint
CREATE INDEX "changes_by_change" ON "changes" USING btree ("change_id");--> statement-breakpoint
CREATE INDEX "changes_by_application" ON "changes" USING btree ("application_id","row");--> statement-breakpoint
CREATE INDEX "changes_delivered" ON "changes" USING btree ("delivered_at") WHERE delivered_in is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_one_founding" ON "organizations" USING btree ("founding") WHERE founding;--> statement-breakpoint
CREATE INDEX "environments_by_project" ON "environments" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "claims_by_parent" ON "claims" USING btree ("gateway_id","parent") WHERE kind = 'host';--> statement-breakpoint
CREATE INDEX "claims_by_organization" ON "claims" USING btree ("organization_id","gateway_id","deny_group");--> statement-breakpoint
CREATE INDEX "routes_by_application" ON "routes" USING btree ("application_id");--> statement-breakpoint
CREATE INDEX "routes_by_upstream" ON "routes" USING gin ("upstream_keys");--> statement-breakpoint
CREATE INDEX "application_states_by_application" ON "application_states" USING btree ("application_id");