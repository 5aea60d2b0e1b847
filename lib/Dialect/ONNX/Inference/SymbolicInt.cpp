//===- SymbolicInt.cpp - integers over dimension symbols ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An expression is a sum of products with whole coefficients, in a canonical
// order, so that equal ones have equal texts. What is no such sum (a quotient,
// a maximum) is a factor of its own: `floor(N/2)`. Every factor is at least 0.
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/Inference.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

#include <map>

using namespace moe;
using namespace moe::onnx;

/// Longer expressions are not followed: nobody compares them, and a hostile
/// graph could double one with every node.
static constexpr size_t kMaxText = 256, kMaxTerms = 64;

namespace {

/// Factors in order, with repetition; none for the constant term.
using Product = std::vector<std::string>;

/// A sum of products with their coefficients.
struct Sum {
  std::map<Product, int64_t> terms;
  bool overflowed = false;

  void add(const Product &product, std::optional<int64_t> coefficient) {
    std::optional<int64_t> total =
        coefficient ? llvm::checkedAdd(terms[product], *coefficient)
                    : std::nullopt;
    overflowed |= !total;
    terms[product] = total.value_or(0);
    if (terms[product] == 0) {
      terms.erase(product);
    }
  }
};

} // namespace

/// Splits at the characters of `separators` that are outside parentheses and
/// quotes; each part keeps the separator in front of it.
static SmallVector<StringRef> splitOutside(StringRef text,
                                           StringRef separators) {
  SmallVector<StringRef> parts;
  size_t start = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\'') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (depth == 0 && i != start && separators.contains(c)) {
      parts.push_back(text.slice(start, i));
      start = i;
    }
  }
  parts.push_back(text.substr(start));
  return parts;
}

static Sum parse(const SymbolicInt &value) {
  Sum sum;
  if (value.value) {
    sum.add({}, value.value);
    return sum;
  }
  for (StringRef term : splitOutside(value.symbol, "+-")) {
    bool negative = term.consume_front("-");
    term.consume_front("+");
    std::optional<int64_t> coefficient = negative ? -1 : 1;
    Product product;
    for (StringRef factor : splitOutside(term, "*")) {
      factor.consume_front("*");
      int64_t number;
      if (!factor.getAsInteger(10, number)) {
        coefficient =
            coefficient ? llvm::checkedMul(*coefficient, number) : coefficient;
      } else {
        product.push_back(factor.str());
      }
    }
    llvm::sort(product);
    sum.add(product, coefficient);
  }
  return sum;
}

static SymbolicInt print(const Sum &sum) {
  if (sum.overflowed) {
    return SymbolicInt::unknown();
  }
  if (sum.terms.empty()) {
    return SymbolicInt::constant(0);
  }
  if (sum.terms.size() == 1 && sum.terms.begin()->first.empty()) {
    return SymbolicInt::constant(sum.terms.begin()->second);
  }
  std::string text;
  auto printTerm = [&](const Product &product, int64_t coefficient) {
    if (coefficient > 0 && !text.empty()) {
      text += '+';
    }
    bool unit = coefficient == 1 || coefficient == -1;
    if (product.empty() || !unit) {
      text += std::to_string(coefficient);
      text += product.empty() ? "" : "*";
    } else if (coefficient < 0) {
      text += '-';
    }
    text += llvm::join(product, "*");
  };
  // The constant comes last: `N+1`.
  for (const auto &[product, coefficient] : sum.terms) {
    if (!product.empty()) {
      printTerm(product, coefficient);
    }
  }
  if (auto constant = sum.terms.find({}); constant != sum.terms.end()) {
    printTerm({}, constant->second);
  }
  return text.size() > kMaxText ? SymbolicInt::unknown()
                                : SymbolicInt::named(text);
}

static SymbolicInt combine(const SymbolicInt &lhs, const SymbolicInt &rhs,
                           int64_t sign) {
  if (lhs.isUnknown() || rhs.isUnknown()) {
    return SymbolicInt::unknown();
  }
  Sum sum = parse(lhs);
  for (const auto &[product, coefficient] : parse(rhs).terms) {
    sum.add(product, llvm::checkedMul(coefficient, sign));
  }
  return print(sum);
}

SymbolicInt moe::onnx::operator+(const SymbolicInt &lhs,
                                 const SymbolicInt &rhs) {
  return combine(lhs, rhs, 1);
}

SymbolicInt moe::onnx::operator-(const SymbolicInt &lhs,
                                 const SymbolicInt &rhs) {
  return combine(lhs, rhs, -1);
}

SymbolicInt moe::onnx::operator*(const SymbolicInt &lhs,
                                 const SymbolicInt &rhs) {
  if (lhs.value == 0 || rhs.value == 0) {
    return SymbolicInt::constant(0);
  }
  if (lhs.isUnknown() || rhs.isUnknown()) {
    return SymbolicInt::unknown();
  }
  Sum left = parse(lhs), right = parse(rhs), sum;
  if (left.terms.size() * right.terms.size() > kMaxTerms) {
    return SymbolicInt::unknown();
  }
  for (const auto &[a, p] : left.terms) {
    for (const auto &[b, q] : right.terms) {
      Product product(a);
      product.insert(product.end(), b.begin(), b.end());
      llvm::sort(product);
      sum.add(product, llvm::checkedMul(p, q));
    }
  }
  return print(sum);
}

std::optional<SymbolicInt> SymbolicInt::dividedBy(const SymbolicInt &by) const {
  if (isUnknown() || by.isUnknown() || by.value == 0) {
    return std::nullopt;
  }
  // Only by a single product: sums are sizes of concatenations, which nobody
  // divides by.
  Sum divisor = parse(by), quotient;
  if (divisor.terms.size() != 1) {
    return *this == by ? std::optional(constant(1)) : std::nullopt;
  }
  const auto &[factors, coefficient] = *divisor.terms.begin();
  for (const auto &[product, number] : parse(*this).terms) {
    Product rest(product);
    for (const std::string &factor : factors) {
      auto found = llvm::find(rest, factor);
      if (found == rest.end()) {
        return std::nullopt;
      }
      rest.erase(found);
    }
    if (coefficient == -1 ? number == INT64_MIN : number % coefficient != 0) {
      return std::nullopt;
    }
    quotient.add(rest, number / coefficient);
  }
  return print(quotient);
}

bool SymbolicInt::isNonNegative() const {
  if (isUnknown()) {
    return false;
  }
  return llvm::all_of(parse(*this).terms,
                      [](const auto &term) { return term.second >= 0; });
}

bool SymbolicInt::isPositive() const {
  if (isUnknown() || !isNonNegative()) {
    return false;
  }
  Sum sum = parse(*this);
  return sum.terms.find({}) != sum.terms.end();
}

SymbolicInt moe::onnx::floorDivide(const SymbolicInt &lhs,
                                   const SymbolicInt &rhs) {
  if (lhs.value && rhs.value) {
    if (*rhs.value == 0 || (*lhs.value == INT64_MIN && *rhs.value == -1)) {
      return SymbolicInt::unknown();
    }
    int64_t quotient = *lhs.value / *rhs.value;
    bool round =
        *lhs.value % *rhs.value != 0 && (*lhs.value < 0) != (*rhs.value < 0);
    return SymbolicInt::constant(quotient - (round ? 1 : 0));
  }
  if (!rhs.value || *rhs.value <= 0 || lhs.isUnknown()) {
    return SymbolicInt::unknown();
  }
  if (std::optional<SymbolicInt> exact = lhs.dividedBy(rhs)) {
    return *exact;
  }
  // Whole multiples come out, so that (N + 8) / 4 is N / 4 + 2.
  Sum whole, rest;
  for (const auto &[product, coefficient] : parse(lhs).terms) {
    (coefficient % *rhs.value == 0 ? whole : rest).add(product, coefficient);
  }
  SymbolicInt left = print(rest);
  if (!left.isNonNegative()) {
    return SymbolicInt::unknown();
  }
  for (auto &term : whole.terms) {
    term.second /= *rhs.value;
  }
  return print(whole) +
         SymbolicInt::factor("floor(" + left.str() + "/" + rhs.str() + ")");
}

SymbolicInt moe::onnx::maximum(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  if (lhs.value && rhs.value) {
    return SymbolicInt::constant(std::max(*lhs.value, *rhs.value));
  }
  if ((lhs - rhs).isNonNegative()) {
    return lhs;
  }
  if ((rhs - lhs).isNonNegative()) {
    return rhs;
  }
  // A factor is at least 0.
  if (lhs.isUnknown() || rhs.isUnknown() ||
      !(lhs.isNonNegative() || rhs.isNonNegative())) {
    return SymbolicInt::unknown();
  }
  std::string a = lhs.str(), b = rhs.str();
  return SymbolicInt::factor("max(" + std::min(a, b) + "," + std::max(a, b) +
                             ")");
}

SymbolicInt moe::onnx::minimum(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  if (lhs.value && rhs.value) {
    return SymbolicInt::constant(std::min(*lhs.value, *rhs.value));
  }
  if ((lhs - rhs).isNonNegative()) {
    return rhs;
  }
  if ((rhs - lhs).isNonNegative()) {
    return lhs;
  }
  if (!lhs.isNonNegative() || !rhs.isNonNegative()) {
    return SymbolicInt::unknown();
  }
  std::string a = lhs.str(), b = rhs.str();
  return SymbolicInt::factor("min(" + std::min(a, b) + "," + std::max(a, b) +
                             ")");
}

std::string SymbolicInt::str() const {
  return value ? std::to_string(*value) : symbol;
}

SymbolicInt SymbolicInt::factor(StringRef text) {
  return text.size() > kMaxText ? unknown() : named(text);
}

SymbolicInt SymbolicInt::dimension(StringRef name) {
  if (name.empty()) {
    return unknown();
  }
  auto plain = [](char c) {
    return llvm::isAlnum(c) || c == '_' || c == '.' || c == ':' || c == '#' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (llvm::all_of(name, plain) && !llvm::isDigit(name.front())) {
    return named(name);
  }
  // A name like "batch * heads" is no expression to anybody but its author.
  std::string quoted = "'";
  for (char c : name) {
    // A quote would end the text; different names stay different.
    quoted += c == '\'' ? "%27" : c == '%' ? "%25" : std::string(1, c);
  }
  return factor(quoted + "'");
}
