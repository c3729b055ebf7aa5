/** Whether the series `s` has all labels of a filter, given as JSON: {"team": "search"}. An empty value stands for series
 *  without that label, for no series has an empty one. */
export const hasLabels = (labels: string): string => `(
    (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${labels}::jsonb) where value = '""')
    || s.labels) @> ${labels}::jsonb`;
