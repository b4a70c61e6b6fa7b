import { customType, text } from "drizzle-orm/pg-core";
import { readMoment } from "../src/platform/moment";

/** An id: prefixed, sortable text (`app_01h…`). */
export const id = (name: string) => text(name);

/**
 * A moment, with time zone; millisecond precision is what answers show. It is read strictly: what is not a time in the
 * one form that the connection asks for (`infinity`, another `DateStyle`) is a `Date` without a time, which counts as
 * passed wherever times are compared, and cannot be shown.
 */
export const moment = customType<{ data: Date; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: (value) => value.toISOString(),
  fromDriver: (value) => readMoment(String(value)),
});

/** When the row was made, by the clock of the unit of work. */
export const createdAt = () => moment("created_at").notNull();
