import { text, timestamp } from "drizzle-orm/pg-core";

/** An id: prefixed, sortable text (`app_01h…`). */
export const id = (name: string) => text(name);

/** A moment, with time zone; millisecond precision is what answers show. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** When the row was made, by the clock of the unit of work. */
export const createdAt = () => moment("created_at").notNull();
