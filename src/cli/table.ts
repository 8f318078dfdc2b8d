/** Widths count code points: names here are ASCII, and the few signs that are not take one column each. */
const widthOf = (text: string): number => Array.from(text).length;

/** Rows as lines with aligned columns; `right` are the columns that hold figures. The last column is not padded. */
export function alignRows(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
        if (right.includes(column)) return padding + cell;
        return column === row.length - 1 ? cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
