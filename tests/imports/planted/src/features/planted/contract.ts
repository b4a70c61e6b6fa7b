import { planted } from "./rows";

export const contract = planted;
