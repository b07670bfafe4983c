"""What AWS answers where no published text says it: recorded from an account, held against the sandbox."""
