import { bigint, customType, text } from "drizzle-orm/pg-core";
import { readMoment } from "../src/platform/moment";

/** An id: prefixed, sortable text (`app_01h…`). */
export const id = (name: string) => text(name);

/**
 * A time with time zone, in milliseconds, which is the precision of responses. It is parsed strictly: a value in any
 * form other than the one that the connection requests (`infinity`, another `DateStyle`) becomes an invalid `Date`,
 * which counts as passed in every comparison and cannot be shown.
 */
export const moment = customType<{ data: Date; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: (value) => value.toISOString(),
  fromDriver: (value) => readMoment(String(value)),
});

/** When the row was created, by the clock of the unit of work. */
export const createdAt = () => moment("created_at").notNull();

/** The version of a row that was never changed. */
export const firstVersion = 1;

/**
 * The version of what an update can change, for `ifVersion`. A trigger writes it
 * (`drizzle/functions/next-version.sql`), so no statement can change the row and leave its version.
 */
export const version = () => bigint("version", { mode: "number" }).notNull().default(firstVersion);
