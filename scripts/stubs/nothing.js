// Stands in for a package that a bundle never calls.
export default {};
