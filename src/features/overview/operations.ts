import { get } from "./get";

export const overview = { get };
