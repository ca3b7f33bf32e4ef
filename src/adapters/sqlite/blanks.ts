/**
 * `secure_delete` zeroes what is deleted, but not the copies that SQLite leaves behind when it moves rows between pages to
 * balance them (seen here: one erased text in a hundred was still in the file). So rows with personal data never move:
 * they are only ever added at the end, and erasing one overwrites its text in place with as many blanks. The row stays,
 * empty, until the file is compacted.
 */

/** An assignment that overwrites a column in place: text of the same size is written where the old one was. */
export const blanked = (column: string): string => `${column} = printf('%*s', octet_length(${column}), '')`;

/** True for what is left of a removed row. */
export const isBlank = (text: string): boolean => text === '' || text.startsWith(' ');

/** A condition that is true for a removed row. */
export const blankRows = (column: string): string => `(${column} = '' OR ${column} LIKE ' %')`;
