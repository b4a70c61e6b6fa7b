import { organization, person, reach } from "../access/organization";
import { idIn, type Subject } from "../access/resource";

/** The first subject, or the second one if the input does not have the field of the first. */
export function orElse<T, F extends string, U, G extends string>(
  first: Subject<T, F>,
  second: Subject<U, G>,
): Subject<T | U, F | G> {
  return {
    fields: [...first.fields, ...second.fields],
    isVersioned: first.isVersioned && second.isVersioned,
    locate: (raw) => {
      const isMissing = first.fields.every((field) => idIn(raw, field) === null);
      return isMissing ? second.locate(raw) : first.locate(raw);
    },
  };
}

/** The organization that the request is about, independent of the input. */
export const caller: Subject<ReturnType<typeof organization.read>> = {
  fields: [],
  isVersioned: organization.isVersioned,
  locate: () => ({ resource: organization, id: null }),
};

/** The caller's organization with the projects at which the caller has a role. */
export const callerReach: Subject<ReturnType<typeof reach.read>> = {
  fields: [],
  isVersioned: reach.isVersioned,
  locate: () => ({ resource: reach, id: null }),
};

/** The person who is signed in. */
export const callerPerson: Subject<ReturnType<typeof person.read>> = {
  fields: [],
  isVersioned: person.isVersioned,
  locate: () => ({ resource: person, id: null }),
};

/** The subject, or the caller's organization if the input does not name one. */
export const orCaller = <T, F extends string>(
  named: Subject<T, F>,
): Subject<T | ReturnType<typeof organization.read>, F> => orElse(named, caller);
