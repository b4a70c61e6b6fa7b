export { organizations } from "../../../../../drizzle/organizations";
