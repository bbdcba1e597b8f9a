#pragma once

#include <stdexcept>
#include <string>

/// What the tests count. A failure prints what it was about.
void check(bool holds, const std::string& what);

/// Counts whether the body throws such an error, whose message contains the text.
template <class Error, class Body>
void checkThrows(const std::string& what, const std::string& text, const Body& body) {
  std::string received = "nothing";
  try {
    body();
  } catch (const Error& error) {
    if (std::string(error.what()).find(text) != std::string::npos) return check(true, what);
    received = error.what();
  } catch (const std::exception& error) {
    received = std::string("another error: ") + error.what();
  }
  check(false, what + ": expected an error with \"" + text + "\" but received " + received);
}
