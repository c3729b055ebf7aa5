import { expect, it } from "vitest";
import { allowedLabels, labelNameProblem } from "./labels.ts";

it("team, environment and namespace are always there, more by name, at most ten", () => {
  expect(allowedLabels([]).labels).toEqual(["team", "environment", "namespace"]);
  expect(allowedLabels(["cost_centre", "team"])).toEqual({
    labels: ["team", "environment", "namespace", "cost_centre"],
    problems: [],
  });
  const many = Array.from({ length: 8 }, (_, index) => `label${index}`);
  expect(allowedLabels(many).problems).toEqual([expect.stringMatching(/names 11 labels .*at most 10/)]);
});

it.each([
  "pod",
  "pod_name",
  "container_id",
  "request_id",
  "trace-id",
  "uuid",
  "user_id",
  "k8s.pod.name",
  "users",
])("%s is no label: it has a value for each single thing", (name) => {
  expect(labelNameProblem(name)).toMatch(/tells single/);
});

it.each(["cost_centre", "customer", "product", "workload", "cluster", "app.kubernetes.io-name", "idea"])(
  "%s is a label",
  (name) => {
    expect(labelNameProblem(name)).toBeUndefined();
  },
);
