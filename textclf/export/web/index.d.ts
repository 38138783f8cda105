/** A classifier of textclf. It runs where it is loaded: no text leaves the page. */

export interface Prediction {
  /** One label; any number with a multi-label classifier; none where the classifier abstains. */
  labels: string[];
  /** The probability of every label. */
  probabilities: Record<string, number>;
}

/** The arrays of numbers that the network reads, by name: token_ids, ngram_ids, ngram_weights. */
export type Encoded = Record<string, number[]>;

export declare class Classifier {
  /** In the order of `predictProba`. */
  readonly labels: string[];
  /** Return the numbers that the network reads of a text. */
  encode(text: string): Encoded;
  /** Return the labels and probabilities of each text. */
  predict(texts: Iterable<string>): Promise<Prediction[]>;
  /** Return the probabilities of each text. */
  predictProba(texts: Iterable<string>): Promise<number[][]>;
}

/**
 * Load the classifier in a folder.
 *
 * @param folder URL of the folder with model.onnx; in Node also a file: URL.
 * @param ort the module onnxruntime-web, or onnxruntime-node.
 * @param options of ONNX Runtime's InferenceSession.create.
 */
export declare function loadClassifier(folder: string | URL, ort: unknown, options?: object): Promise<Classifier>;

/** Return a function from a text to the numbers that the network reads, from parsed tokenizer.json and unicode.json. */
export declare function makeEncoder(tokenizer: object, unicode: object): Promise<(text: string) => Encoded>;
