// Living things at the leaves of a tree, the features that they inherit, and those that have names.

import { type Matrix, matrix } from "./simulation";

/** A leaf is its place among the items; a node is the list of what hangs on it. */
export type Branch = number | Branch[];

export interface Kingdom {
  items: string[];
  features: string[];
  /** +1 or -1: one row an item. */
  truth: number[][];
  tree: Branch[];
  /** Features without a name that come down the tree, and how often a child does not inherit. */
  unnamed: number;
  flip: number;
  /** Where they are known: their Gram matrix, row by row; else that of very many. */
  gram?: number[] | null;
}

const row = (signs: string) => Array.from(signs, (sign) => (sign === "+" ? 1 : -1));

export function livingThings(): Kingdom {
  const columns: [string, string][] = [
    ["can grow", "++++++++"],
    ["can move", "++++----"],
    ["can swim", "++------"],
    ["can fly", "--++----"],
    ["has bones", "-+++----"],
    ["can sing", "---+----"],
    ["has petals", "----++--"],
    ["has bark", "------++"],
    ["is yellow", "---+-+--"],
    ["stays green", "------+-"],
  ];
  const items = ["Shark", "Tuna", "Robin", "Canary", "Rose", "Daisy", "Pine", "Oak"];
  return {
    items,
    features: columns.map(([name]) => name),
    truth: items.map((_, i) => columns.map(([, signs]) => row(signs)[i])),
    tree: [
      [[0, 1], [2, 3]],
      [[4, 5], [6, 7]],
    ],
    unnamed: 9_996,
    flip: 0.15,
  };
}

/**
 * The Gram matrix that very many inherited features have: with a flip of p at each edge two items
 * whose ways meet after d edges in all agree by (1 - 2p)^d.
 */
export function inheritedGram(kingdom: Kingdom): Matrix {
  const P = kingdom.items.length;
  if (kingdom.gram) return { rows: P, columns: P, values: Float64Array.from(kingdom.gram) };
  const ways: number[][] = Array.from({ length: P }, () => []);
  let node = 0;
  const walk = (branch: Branch, way: number[]) => {
    if (typeof branch === "number") {
      ways[branch] = way;
      return;
    }
    const own = node++;
    for (const child of branch) walk(child, [...way, own]);
  };
  walk(kingdom.tree, []);
  const gram = matrix(P, P);
  for (let i = 0; i < P; i++) {
    for (let j = 0; j < P; j++) {
      let shared = 0;
      while (shared < ways[i].length && ways[i][shared] === ways[j][shared]) shared++;
      // Each of the two leaves hangs on an edge of its own.
      const edges = ways[i].length + ways[j].length - 2 * shared + 2;
      gram.values[i * P + j] = kingdom.unnamed * (1 - 2 * kingdom.flip) ** (i === j ? 0 : edges);
    }
  }
  return gram;
}

export function namedFeatures(kingdom: Kingdom): Matrix {
  const named = matrix(kingdom.items.length, kingdom.features.length);
  kingdom.truth.forEach((values, i) => named.values.set(values, i * kingdom.features.length));
  return named;
}

/** Click a node: of more than two branches it is split in two, of two it is joined to what is above. */
export function editNode(tree: Branch[], path: number[]): Branch[] {
  const copy = structuredClone(tree);
  let [node, parent] = [copy, null as Branch[] | null];
  for (const step of path) [node, parent] = [node[step] as Branch[], node];
  if (node.length > 2) {
    const half = Math.ceil(node.length / 2);
    const [a, b] = [node.slice(0, half), node.slice(half)];
    node.splice(0, node.length, a.length > 1 ? a : a[0], b.length > 1 ? b : b[0]);
  } else if (parent) parent.splice(path[path.length - 1], 1, ...node);
  else copy.splice(0, copy.length, ...copy.flatMap((child) => (typeof child === "number" ? [child] : child)));
  return copy;
}
