-- Functions and row-level policies are no longer part of migrations: their present text is in drizzle/functions and
-- drizzle/policies, which are applied whenever it changes (src/database/repeatable-sql.ts).
CREATE TABLE "repeatable_sql" (
	"name" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organizations" RENAME COLUMN "founding" TO "root";
--> statement-breakpoint
DROP INDEX "organizations_one_founding";
--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_one_root" ON "organizations" USING btree ("root") WHERE root;
--> statement-breakpoint
update application_states set intended = 'closed' where intended = 'shut';
--> statement-breakpoint
update application_states set form = 'closed' where form = 'shut';
--> statement-breakpoint
-- Their parameters have other names now, which replacing a function cannot change.
drop function portcullis_authorize(text, text, text, text, text, text);
--> statement-breakpoint
drop function portcullis_application(text, text);
