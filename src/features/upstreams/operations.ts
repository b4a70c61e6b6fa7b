import { check } from "./check";

export const upstreams = { check };
