CASES = {}
def run(*a): return True
